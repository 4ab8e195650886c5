"""The values of a CSV as pandas reads them: numbers where a column is of numbers, else texts."""

import io
import warnings
from collections.abc import Mapping

import pandas as pd

from shared.formats.csv_dialect import CsvText
from shared.formats.row_errors import BadTable, Reason
from shared.formats.values import column_name
from shared.settings import ReadingSettings


def parse(csv: CsvText, names: list[str], used: list[str], settings: ReadingSettings) -> pd.DataFrame:
    """The used columns. Those of truth values are texts: pandas would forget how they were spelled."""
    label = column_name(settings.label)
    frame = _read(csv, names, used, {label: str}, settings)
    truths = [name for name in used if pd.api.types.infer_dtype(frame[name], skipna=True) == "boolean"]
    if truths:
        frame[truths] = _read(csv, names, truths, dict.fromkeys(truths, str), settings)
    return frame


def _read(
    csv: CsvText, names: list[str], used: list[str], texts: Mapping[str, type], settings: ReadingSettings
) -> pd.DataFrame:
    wanted = {str(position): name for position, name in enumerate(names) if name in used}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                io.StringIO(csv.text, newline=""),
                sep=csv.delimiter,
                decimal=csv.decimal,
                skipinitialspace=True,
                header=0,
                names=[str(position) for position in range(len(names))],  # several columns may have no name
                usecols=list(wanted),
                index_col=False,
                dtype={position: texts[name] for position, name in wanted.items() if name in texts},
                na_values={position: list(settings.missing) for position, name in wanted.items() if name not in texts},
                keep_default_na=False,
                low_memory=False,
            )
        except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
            raise BadTable([Reason(f"expected a CSV, found one that cannot be parsed ({error})")]) from None
    return frame.rename(columns=wanted)
