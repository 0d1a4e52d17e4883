"""Only tests have polars, and TA-Lib loads it wherever it finds it: a fifth of a second of every
start. Processes that journeys start do without, as those of people do."""

raise ModuleNotFoundError("polars is for tests only", name="polars")
