"""A client made by openapi-generator for Python. Bytes go in and out as base64."""

import base64
import datetime
import os

from openapi_client import ApiClient, Color, Configuration, FetchApi, Item, Payload, Status, StoreApi, StorePutItemBody, Team
from openapi_client.exceptions import NotFoundException

client = ApiClient(Configuration(host=os.environ["URL"]))

reply = FetchApi(client).fetch_capitalize(Payload(id=7, data=base64.b64encode(b"hello").decode()))
assert isinstance(reply, Payload)
assert (reply.id, base64.b64decode(reply.data)) == (7, b"HELLO"), reply
print("ok capitalize")

made = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)
store = StoreApi(client)
item = store.store_put_item("a b", StorePutItemBody(
    serial="9007199254740993", picture="/+8=", color=Color.DEEP_BLUE, stock={"here": "9007199254740993"},
    made=made, team=Team(name="us", members=4294967295), parts=[Item(id="part")],
))
assert isinstance(item, Item)
assert item.id == "a b" and item.parts[0].id == "part", item
assert int(item.serial) == 9007199254740993
print("ok int64")
assert base64.b64decode(item.picture) == b"\xff\xef"
print("ok bytes")
assert item.color is Color.DEEP_BLUE
print("ok enum")
assert item.team.name == "us" and item.team.members == 4294967295 and item.person is None
print("ok oneof")
assert item.stock == {"here": "9007199254740993"}
print("ok map")
assert item.made == made
print("ok timestamp")

item = store.store_get_item("x", color=Color.RED, team_name="t", weight=1.5)
assert (item.id, item.color, item.team.name, item.weight) == ("x", Color.RED, "t", 1.5), item
print("ok query")

try:
    store.store_fail("x")
    raise SystemExit("no error")
except NotFoundException as error:
    status = error.data if isinstance(error.data, Status) else Status.from_json(error.body)
    assert (status.code, status.message) == (5, "no such item")
    assert status.details[0].type.endswith("google.rpc.ErrorInfo"), status
    assert status.details[0].additional_properties["reason"] == "ASKED_FOR"
print("ok error")
# It knows no streams.
print("lacks stream")
