"""What schemathesis does not know by itself: replies that are streams of records,
one JSON value a line. The document gives the schema of a record."""

import json

import schemathesis
from jsonschema_rs import validator_for

LINES = "application/x-ndjson"


def records(text):
    return [json.loads(line) for line in text.splitlines() if line]


@schemathesis.deserializer(LINES)
def last_record(ctx, response):
    return (records(response.text) or [{}])[-1]


@schemathesis.check
def every_record_has_its_schema(ctx, response, case):
    kind = response.headers.get("content-type", [""])[0]
    if kind != LINES:
        return
    operation = case.operation
    whole = operation.schema.raw_schema
    media = operation.definition.raw["responses"]["200"]["content"][LINES]
    schema = {**media["schema"], "components": whole["components"]}
    validator = validator_for(schema)
    for record in records(response.text):
        assert len(record) == 1, f"a record is a result or an error: {record}"
        validator.validate(record)
