"""Tables whose files are spelled in other ways: decimal commas, other encodings and delimiters, compressed."""

import numpy as np
import pandas as pd

from tests.tables.drawing import banded, flag, gaps, names, pick, spelled
from tests.tables.table import Dialect, Facts, Imitation, imitate


def sensor() -> Imitation:
    """ISO timestamps, semicolons and decimal commas, gaps, three states."""
    rng, rows = np.random.default_rng(61508), 1300
    start = pd.Timestamp("2026-03-01T00:10:00")
    time = start + pd.to_timedelta(10 * np.arange(rows) + rng.integers(0, 9, rows), unit="min")
    wear = (np.arange(rows) % 430) / 430 + rng.normal(0, 0.12, rows)
    load = pick(rng, rows, {"idle": 0.2, "half": 0.5, "full": 0.3})
    score = wear + 0.4 * (load == "full") + rng.normal(0, 0.08, rows)
    vibration = np.exp(0.5 * score + rng.normal(0, 0.1, rows)).round(3)
    frame = pd.DataFrame(
        {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S"),
            "machine": pick(rng, rows, {"M-01": 0.4, "M-02": 0.35, "M-07": 0.25}),
            "load": load,
            "temperature": gaps(rng, (45 + 14 * score + rng.normal(0, 3, rows)).round(1), 0.06),
            "vibration": gaps(rng, vibration, 0.11),
            "pressure": gaps(rng, rng.normal(4.2, 0.3, rows).round(2), 0.03),
            "rpm": rng.integers(1180, 1521, rows),
            "state": banded(score, {"normal": 0.7, "worn": 0.2, "fault": 0.1}),
        }
    )
    facts = Facts(
        label="state",
        classes={"normal": 0.7, "worn": 0.2, "fault": 0.1},
        missing={"temperature": 0.06, "vibration": 0.11, "pressure": 0.03, "rpm": 0},
        dates={"timestamp": "%Y-%m-%dT%H:%M:%S"},
        notes="the timestamp differs on every row and is a date, not an identifier",
    )
    return imitate("sensor", frame, facts, Dialect(delimiter=";", decimal=","))


def german() -> Imitation:
    """Windows-1252 with umlauts in header, values and labels; semicolons, decimal commas, dates with dots."""
    rng, rows = np.random.default_rng(1252), 1000
    tested = pd.Timestamp("2024-01-02") + pd.to_timedelta(rng.integers(0, 500, rows), unit="D")
    surface = pick(rng, rows, {"glänzend": 0.5, "matt": 0.3, "geätzt": 0.2})
    hardness = rng.normal(58, 4, rows).round(1)
    deviation = rng.gamma(2, 0.05, rows).round(3)
    cooled = flag(rng, rows, 0.7)
    score = 9 * deviation - 0.2 * hardness + 1.2 * (surface == "geätzt") - 0.8 * cooled + rng.normal(0, 0.4, rows)
    shares = {"gut": 0.6, "mäßig": 0.28, "ungenügend": 0.12}
    frame = pd.DataFrame(
        {
            "Prüfdatum": tested.strftime("%d.%m.%Y"),
            "Werk": pick(rng, rows, {"Köln": 0.4, "München": 0.3, "Gießen": 0.2, "Düsseldorf": 0.1}),
            "Oberfläche": gaps(rng, surface, 0.04),
            "Härte": gaps(rng, hardness, 0.07),
            "Maßabweichung": deviation,
            "Stückpreis (€)": np.exp(rng.normal(2, 0.4, rows)).round(2),
            "gekühlt": spelled(cooled, "ja", "nein"),
            "Qualität": banded(score, shares),
        }
    )
    facts = Facts(
        label="Qualität",
        classes=shares,
        missing={"Oberfläche": 0.04, "Härte": 0.07, "Werk": 0},
        dates={"Prüfdatum": "%d.%m.%Y"},
        notes="the euro sign is 0x80, which Latin-1 has not",
    )
    dialect = Dialect(delimiter=";", decimal=",", encoding="cp1252", line_end="\r\n")
    return imitate("german", frame, facts, dialect)


def subscriptions() -> Imitation:
    """UTF-16 with tabs, as a spreadsheet saves Unicode text; categories and labels in several scripts."""
    rng, rows = np.random.default_rng(16), 800
    months = rng.integers(1, 61, rows)
    calls = rng.poisson(1.2, rows)
    plan = pick(rng, rows, {"基本": 0.5, "標準": 0.35, "家族": 0.15})
    city = pick(rng, rows, {"東京": 4, "大阪": 3, "Łódź": 2, "São Paulo": 2, "Kraków": 1})
    price = (9 + 6 * (plan == "標準") + 12 * (plan == "家族") + rng.normal(0, 0.8, rows)).round(2)
    score = 0.9 * calls - 0.05 * months + 1.2 * (plan == "標準") + rng.logistic(0, 0.5, rows)
    frame = pd.DataFrame(
        {
            "city": gaps(rng, city, 0.05),
            "plan": plan,
            "price": price,
            "months": months,
            "calls": gaps(rng, calls, 0.1),
            "decision": banded(score, {"続ける": 0.6, "解約": 0.4}),
        }
    )
    facts = Facts(
        label="decision",
        classes={"続ける": 0.6, "解約": 0.4},
        missing={"city": 0.05, "calls": 0.1, "plan": 0},
        suffix=".tsv",
        notes="starts with a byte order mark",
    )
    return imitate("subscriptions", frame, facts, Dialect(delimiter="\t", encoding="utf-16", line_end="\r\n"))


def claims() -> Imitation:
    """Vertical bars, with commas inside values that need no quotes."""
    rng, rows = np.random.default_rng(124), 1100
    damage = pick(rng, rows, {"glass": 0.3, "dent, minor": 0.35, "dent, major": 0.2, "fire": 0.15})
    value = np.exp(rng.normal(7, 0.7, rows)).round(2)
    witness = flag(rng, rows, 0.6)
    age = rng.integers(0, 22, rows)
    score = 0.9 * np.log(value) - 1.5 * witness + 1.3 * (damage == "fire") + 0.08 * age + rng.logistic(0, 0.3, rows)
    frame = pd.DataFrame(
        {
            "claim_no": [f"{rng.integers(10, 99)}/{number}" for number in rng.permutation(90_000)[:rows]],
            "garage": pick(rng, rows, {"Hill, Sons & Co": 3, "O'Dell Motors": 3, "Quick-Fix": 2, "Nord, A.": 1}),
            "damage": damage,
            "vehicle_age": age,
            "claimed": value,
            "excess": gaps(rng, rng.choice([0, 150, 300, 500], rows), 0.15),
            "witness": gaps(rng, spelled(witness, "Y", "N"), 0.05),
            "outcome": banded(score, {"approved": 0.62, "declined": 0.23, "referred": 0.15}),
        }
    )
    facts = Facts(
        label="outcome",
        classes={"approved": 0.62, "declined": 0.23, "referred": 0.15},
        missing={"excess": 0.15, "witness": 0.05, "claimed": 0},
        suffix=".txt",
        notes="claim_no is a text that differs on every row; missing values are NULL, as a database writes them",
    )
    return imitate("claims", frame, facts, Dialect(delimiter="|", missing="NULL"))


def visits() -> Imitation:
    """Compressed with gzip; comments with quotes and line breaks in them."""
    rng, rows = np.random.default_rng(1952), 1200
    pages = rng.geometric(0.12, rows)
    returning = flag(rng, rows, 0.35)
    device = pick(rng, rows, {"mobile": 0.6, "desktop": 0.33, "tablet": 0.07})
    seconds = np.exp(rng.normal(3 + 0.06 * pages, 0.7)).round(1)
    score = 0.13 * pages + 1.1 * returning + 1.2 * (device == "desktop") + 0.6 * np.log(seconds)
    score = score + rng.logistic(0, 0.5, rows)
    words = zip(names(rng, rows), names(rng, rows), names(rng, rows), strict=True)
    frame = pd.DataFrame(
        {
            "visit_id": rng.permutation(rows) + 500_001,
            "country": pick(rng, rows, {"GB": 4, "FR": 3, "NO": 2, "IT": 1}),
            "device": device,
            "pages": pages,
            "seconds": gaps(rng, seconds, 0.08),
            "basket": np.exp(rng.normal(3.2, 0.8, rows)).round(2),
            "referrer": gaps(rng, pick(rng, rows, {"search": 5, "mail": 3, "partner": 1}), 0.35),
            "returning": returning.astype(int),
            "comment": [f'"{first}", said {second},\nand {third}.' for first, second, third in words],
            "bought": banded(score, {0: 0.7, 1: 0.3}),
        }
    )
    facts = Facts(
        label="bought",
        classes={"0": 0.7, "1": 0.3},
        missing={"seconds": 0.08, "referrer": 0.35, "comment": 0},
        ignore=("visit_id",),
        suffix=".csv.gz",
        notes="the country code NO is no boolean; comment is free text that differs on every row",
    )
    return imitate("visits", frame, facts, Dialect(zipped=True))
