"""`python -m polytui` is the same as `polytui`."""

from polytui.cli import main

if __name__ == "__main__":
    main()
