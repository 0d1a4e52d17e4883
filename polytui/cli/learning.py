"""`polytui train`: a model of what was recorded."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from polytui.cli.exit_codes import DONE, FAILED
from polytui.cli.options import config_option, load, plain_errors
from polytui.json_output import write_json
from polytui.precautions import check_writable


@click.command()
@click.argument("data", nargs=-1, required=True)
@click.option(
    "--out",
    "model_file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the model goes; an older one there is replaced.",
)
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(0.0, 86_400.0),
    default=5.0,
    show_default=True,
    help="A view of each round at most each S seconds: neighbours say the same. 0: all of them.",
)
@click.option(
    "--test-share",
    type=click.FloatRange(0.1, 0.9),
    default=0.3,
    show_default=True,
    help="Of the rounds, the last ones: the model is judged by them and never learns from them.",
)
@click.option(
    "--embargo",
    "embargo_rounds",
    type=click.FloatRange(0.0, 1_000.0),
    default=1.0,
    show_default=True,
    help="Left out before what a model is tried on, in lengths of the longest round.",
)
@click.option("--json", "json_path", help="Write the report here; - is stdout.")
@config_option
@plain_errors
def train(
    data: tuple[str, ...],
    model_file: Path,
    every_s: float,
    test_share: float,
    embargo_rounds: float,
    json_path: str | None,
    config: Path | None,
) -> None:
    """Fit a model for the strategy `predictor` on DATA, and say whether it beats the market.

    DATA are sessions (a name, its beginning, a folder, or `last`), what `polytui export --parquet`
    wrote, or recordings, which are played for it. It needs scikit-learn: pip install
    'polytui[learn]'.
    """
    from polytui.learning.training import TrainingWishes
    from polytui.learning.training_report import report_plain, report_text
    from polytui.tools.given_data import sorted_out
    from polytui.tools.training import train_to_file

    check_writable(str(model_file), "--out")
    check_writable(json_path)
    settings = load(config)
    given = sorted_out(data, Path(settings.journal.directory))
    wishes = TrainingWishes(test_share, embargo_rounds)
    done = train_to_file(given, settings, model_file, wishes, every_s)
    if json_path:
        write_json(report_plain(done.trained), json_path)
    if json_path != "-":
        click.echo(report_text(done.trained))
        for words in done.modelled:
            click.echo(f"MODELLED, not recorded: {words}")
        click.echo(f"it is in {model_file}: set predictor.model_file to that, kind to learned")
    for fault in done.faults:
        click.echo(f"{fault.session} is read no further: {fault.why}", err=True)
    sys.exit(FAILED if done.faults else DONE)
