"""What schemathesis cannot know of the server that it is let loose on: which ids it has, and what a filter looks like."""

import json
import os

import schemathesis
from hypothesis import strategies as st

IDS = json.loads(os.environ["MUSTER_IDS"])
# What takes something away for good is tried on what nothing else needs.
SPENT = {"wipe": "otherManagedDevice", "retire": "otherManagedDevice", "release": "waiting"}

names = st.sampled_from(["id"])
texts = st.text(alphabet="abcXYZ019 -.", max_size=8).map(lambda text: f"'{text}'")
compared = st.builds("{} {} {}".format, names, st.sampled_from(["eq", "ne", "gt", "le"]), texts)
called = st.builds("{}({},{})".format, st.sampled_from(["contains", "startsWith", "endswith"]), names, texts)
listed = st.builds("{} in ({})".format, names, st.lists(texts, min_size=1, max_size=3).map(",".join))
clauses = st.one_of(compared, called, listed)
filters = st.recursive(
    clauses,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=4,
)
schemathesis.openapi.format("odata-filter", filters)


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Ids of what is there. Nothing that the others need is deleted: an id in a DELETE stays as it was made up."""
    operation = context.operation
    if not path_parameters or operation.method.upper() == "DELETE":
        return path_parameters
    last = operation.path.rsplit("/", 1)[-1]
    for name in path_parameters:
        known = SPENT.get(last, name) if name == "managedDevice" else name
        if known in IDS:
            path_parameters[name] = IDS[known]
    return path_parameters


@schemathesis.hook
def map_body(context, body):
    """A serial and a profile that are there, in place of made-up ones."""
    if isinstance(body, dict):
        for name in ("serialNumbers", "deviceIds"):
            if isinstance(body.get(name), list) and body[name]:
                body[name] = [IDS["spare"]]
        if isinstance(body.get("profileId"), str):
            body["profileId"] = IDS["profile"]
    return body
