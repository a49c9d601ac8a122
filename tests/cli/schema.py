"""Validates specs against a JSON Schema, as tests/cli/schema.sh asks.

    schema.py SCHEMA meta                   the schema against its own meta-schema, and what it refers to is there
    schema.py SCHEMA good FILE...           every file is accepted
    schema.py SCHEMA bad FILE PLACE WORD    FILE is refused at PLACE ("model/0/dense/units") by the
                                            keyword WORD ("minimum"); lines of standard input have more

Each spec is read as YAML 1.2 and as YAML 1.1 have it, as editors and validators differ in that.
"""

import json
import re
import sys

import jsonschema
import yaml


class Core(yaml.SafeLoader):
    """YAML 1.2: the core schema. PyYAML itself has YAML 1.1's types."""


Core.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
     "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
]:
    Core.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile("^(?:%s)$" % pattern), list(first))
Core.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(
    loader.construct_scalar(node).replace(".inf", "inf").replace(".nan", "nan")))


def readings(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return [yaml.load(text, Loader=loader) for loader in (Core, yaml.SafeLoader)]


def leaves(errors):
    """All errors, also those that explain why no alternative fits."""
    for error in errors:
        yield error
        yield from leaves(error.context)


def references(part):
    """All that parts of the schema refer to."""
    if isinstance(part, dict) and isinstance(part.get("$ref"), str):
        yield part["$ref"]
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else []:
        yield from references(inner)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    if sys.argv[2] == "meta":
        jsonschema.Draft7Validator.check_schema(schema)
        resolver = jsonschema.RefResolver.from_schema(schema)
        for reference in references(schema):
            resolver.resolve(reference)
        return 0
    validator = jsonschema.Draft7Validator(schema)
    failed = 0
    if sys.argv[2] == "good":
        for path in sys.argv[3:]:
            for spec in readings(path):
                for error in list(leaves(validator.iter_errors(spec)))[:20]:
                    print("%s: %s: %s" % (path, "/".join(map(str, error.absolute_path)), error.message[:200]))
                    failed = 1
        return failed
    for line in sys.stdin:
        path, place, word = line.split()
        for spec in readings(path):
            found = {("/".join(map(str, e.absolute_path)) or ".", e.validator)
                     for e in leaves(validator.iter_errors(spec))}
            if (place, word) not in found:
                print("%s is not refused at %s by %s, but: %s" % (path, place, word, sorted(found)))
                failed = 1
    return failed


sys.exit(main())
