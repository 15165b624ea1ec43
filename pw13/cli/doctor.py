"""`pw13 doctor`: what this installation and machine have."""

from pw13 import console
from pw13.cli.options import Json


def doctor(json: Json = None) -> None:
    """Show versions, processor, places, and what is missing."""
    from pw13 import doctor as findings

    report = findings.report()
    if json:
        return console.json_document(report)
    for topic in ("versions", "machine", "places"):
        console.facts(topic, report[topic])
    console.table("missing", ("what: how to get it",), [(line,) for line in report["missing"]] or [("nothing",)])
