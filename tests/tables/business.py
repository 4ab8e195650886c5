"""Imitations of a telephone company's churn table, a bank's marketing calls and a lender's book."""

import numpy as np
import pandas as pd

from tests.tables.drawing import banded, flag, gaps, names, pick, spelled
from tests.tables.table import Dialect, Facts, Imitation, imitate

_EXTRAS = ("OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV", "StreamingMovies")
_JOBS = {"blue-collar": 22, "management": 21, "technician": 17, "admin.": 11, "services": 9, "retired": 5} | {
    "self-employed": 3,
    "entrepreneur": 3,
    "unemployed": 3,
    "housemaid": 3,
    "student": 2,
    "unknown": 1,
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CALLS = (3.1, 5.9, 1.1, 6.5, 30.4, 11.8, 15.2, 13.8, 1.3, 1.6, 8.8, 0.5)


def telco() -> Imitation:
    """``No internet service`` beside ``Yes`` and ``No``, and a lone space for a total that is not there yet."""
    rng, rows = np.random.default_rng(7043), 1400
    tenure = np.where(flag(rng, rows, 0.25), rng.integers(1, 6, rows), rng.integers(1, 73, rows))
    contract = pick(rng, rows, {"Month-to-month": 0.55, "One year": 0.21, "Two year": 0.24})
    internet = pick(rng, rows, {"Fiber optic": 0.44, "DSL": 0.34, "No": 0.22})
    phone = flag(rng, rows, 0.9)
    chosen = {name: flag(rng, rows, 0.43) & (internet != "No") for name in _EXTRAS}
    monthly = (
        20 + 25 * (internet == "DSL") + 50 * (internet == "Fiber optic") + 5 * np.sum(list(chosen.values()), axis=0)
    )
    monthly = (monthly + rng.normal(0, 2, rows)).round(2)
    check = pick(
        rng,
        rows,
        {"Electronic check": 34, "Mailed check": 23, "Bank transfer (automatic)": 22, "Credit card (automatic)": 21},
    )
    score = 1.6 * (contract == "Month-to-month") - 1.4 * (contract == "Two year") - 0.045 * tenure
    score = score + 1.5 * (internet == "Fiber optic") - 0.8 * (internet == "No") + 0.7 * (check == "Electronic check")
    score = score - 0.7 * chosen["OnlineSecurity"] - 0.6 * chosen["TechSupport"] + rng.logistic(0, 0.8, rows)
    total = pd.Series((tenure * monthly + rng.normal(0, 20, rows)).clip(18.8).round(2))
    frame = pd.DataFrame(
        {
            "customerID": [f"{n:04}-{name[:5].upper()}" for n, name in enumerate(names(rng, rows), 1017)],
            "gender": spelled(flag(rng, rows, 0.5), "Male", "Female"),
            "SeniorCitizen": flag(rng, rows, 0.16).astype(int),
            "Partner": spelled(flag(rng, rows, 0.48), "Yes", "No"),
            "Dependents": spelled(flag(rng, rows, 0.3), "Yes", "No"),
            "tenure": tenure,
            "PhoneService": spelled(phone, "Yes", "No"),
            "MultipleLines": np.where(phone, spelled(flag(rng, rows, 0.47), "Yes", "No"), "No phone service"),
            "InternetService": internet,
            **{
                name: np.where(internet == "No", "No internet service", spelled(extra, "Yes", "No"))
                for name, extra in chosen.items()
            },
            "Contract": contract,
            "PaperlessBilling": spelled(flag(rng, rows, 0.59), "Yes", "No"),
            "PaymentMethod": check,
            "MonthlyCharges": monthly,
            "TotalCharges": gaps(rng, total, 0.01),
            "Churn": banded(score, {"No": 0.735, "Yes": 0.265}),
        }
    )
    facts = Facts(
        label="Churn",
        classes={"No": 0.735, "Yes": 0.265},
        missing={"TotalCharges": 0.01, "MonthlyCharges": 0},
        ignore=("customerID",),
        notes="TotalCharges is a lone space for some customers, and a number for all others",
    )
    return imitate("telco", frame.assign(tenure=tenure * frame["TotalCharges"].notna()), facts, Dialect(missing=" "))


def bank() -> Imitation:
    """Semicolons, and quotes around every value, numbers too."""
    rng, rows = np.random.default_rng(2012), 1500
    duration = np.exp(rng.normal(5.2, 0.9, rows)).clip(4, 4900).astype(int)
    before = pick(rng, rows, {"unknown": 81.7, "failure": 10.9, "other": 4.1, "success": 3.3})
    month = pick(rng, rows, dict(zip(_MONTHS, _CALLS, strict=True)))
    housing, loan = flag(rng, rows, 0.56), flag(rng, rows, 0.16)
    score = 1.9 * np.log(duration) + 3 * (before == "success") - 0.9 * housing - 0.5 * loan
    score = score + 1.5 * np.isin(month, ["mar", "sep", "oct", "dec"]) + rng.logistic(0, 0.6, rows)
    frame = pd.DataFrame(
        {
            "age": rng.normal(41, 10.6, rows).clip(18, 95).astype(int),
            "job": pick(rng, rows, _JOBS),
            "marital": pick(rng, rows, {"married": 60, "single": 28, "divorced": 12}),
            "education": pick(rng, rows, {"secondary": 51, "tertiary": 30, "primary": 15, "unknown": 4}),
            "default": spelled(flag(rng, rows, 0.018), "yes", "no"),
            "balance": (np.exp(rng.normal(6.5, 1.2, rows)) - 400).astype(int),
            "housing": spelled(housing, "yes", "no"),
            "loan": spelled(loan, "yes", "no"),
            "contact": pick(rng, rows, {"cellular": 65, "unknown": 29, "telephone": 6}),
            "day": pick(rng, rows, dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), 0.2)),
            "month": month,
            "duration": duration,
            "campaign": rng.geometric(0.36, rows).clip(1, 63),
            "pdays": np.where(before == "unknown", -1, rng.integers(1, 400, rows)),
            "previous": np.where(before == "unknown", 0, rng.geometric(0.35, rows)),
            "poutcome": before,
            "y": banded(score, {"no": 0.883, "yes": 0.117}),
        }
    )
    facts = Facts(
        label="y",
        classes={"no": 0.883, "yes": 0.117},
        missing={"job": 0, "poutcome": 0},
        notes="unknown is a category of its own; pdays is -1 where nobody called before",
    )
    return imitate("bank", frame, facts, Dialect(delimiter=";", quoted=True))


def loan() -> Imitation:
    """Dates with the day first, ``true`` and ``false``, grades, and ``n/a``; the label is a boolean too."""
    rng, rows = np.random.default_rng(2015), 1200
    issued = pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 1500, rows), unit="D")
    born = pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 17_000, rows), unit="D")
    risk = rng.normal(0, 1, rows)
    grade = banded(risk, {"A": 0.17, "B": 0.29, "C": 0.28, "D": 0.15, "E": 0.07, "F": 0.03, "G": 0.01})
    income = np.exp(rng.normal(11.1, 0.5, rows)).round(2)
    amount = rng.integers(20, 800, rows) * 50
    owner = flag(rng, rows, 0.5)
    lateness = (issued - pd.Timestamp("2015-01-01")).days.to_numpy() / 1500
    score = 1.5 * risk + 3 * amount / income + 1.6 * lateness - 0.7 * owner + rng.logistic(0, 0.6, rows)
    frame = pd.DataFrame(
        {
            "loan_id": [f"LN{number:05}" for number in rng.permutation(99_999)[:rows]],
            "issued": issued.strftime("%d/%m/%Y"),
            "amount": amount,
            "term": pick(rng, rows, {"36 months": 0.74, "60 months": 0.26}),
            "rate": (12 + 4 * risk + rng.normal(0, 0.6, rows)).clip(5.3, 31).round(2),
            "grade": grade,
            "purpose": pick(rng, rows, {"debt_consolidation": 58, "credit_card": 22, "car": 5, "other": 15}),
            "born": gaps(rng, born.strftime("%d/%m/%Y"), 0.05),
            "income": gaps(rng, income, 0.08),
            "homeowner": spelled(owner, "true", "false"),
            "verified": gaps(rng, spelled(flag(rng, rows, 0.6), "true", "false"), 0.12),
            "defaulted": banded(score, {"false": 0.7, "true": 0.3}),
        }
    )
    facts = Facts(
        label="defaulted",
        classes={"false": 0.7, "true": 0.3},
        missing={"born": 0.05, "income": 0.08, "verified": 0.12, "issued": 0},
        dates={"issued": "%d/%m/%Y", "born": "%d/%m/%Y"},
        notes="loan_id is a text that differs on every row; later loans default more often, so the date is a feature",
    )
    return imitate("loan", frame, facts, Dialect(missing="n/a"))
