"""A client made by openapi-python-client."""

import base64
import datetime
import os

from client import Client
from client.api.fetch import fetch_capitalize
from client.api.store import store_fail, store_get_item, store_put_item
from client.models import Color, Item, Payload, Status, StorePutItemBody, StorePutItemBodyStock, Team
from client.types import UNSET

client = Client(base_url=os.environ["URL"])

reply = fetch_capitalize.sync(client=client, body=Payload(id=7, data=base64.b64encode(b"hello").decode()))
assert isinstance(reply, Payload)
assert (reply.id, base64.b64decode(reply.data)) == (7, b"HELLO"), reply
print("ok capitalize")

stock = StorePutItemBodyStock()
stock.additional_properties = {"here": "9007199254740993"}
made = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)
body = StorePutItemBody(
    serial="9007199254740993", picture="/+8=", color=Color.DEEP_BLUE, stock=stock, made=made,
    team=Team(name="us", members=4294967295), parts=[Item(id="part")],
)
item = store_put_item.sync("a b", client=client, body=body)
assert isinstance(item, Item)
assert item.id == "a b" and item.parts[0].id == "part", item
assert int(item.serial) == 9007199254740993
print("ok int64")
assert base64.b64decode(item.picture) == b"\xff\xef"
print("ok bytes")
assert item.color is Color.DEEP_BLUE
print("ok enum")
assert item.team.name == "us" and item.team.members == 4294967295 and item.person is UNSET
print("ok oneof")
assert item.stock.additional_properties == {"here": "9007199254740993"}
print("ok map")
assert item.made == made
print("ok timestamp")

item = store_get_item.sync("x", client=client, color=Color.RED, team_name="t", weight=1.5, made=made)
assert (item.id, item.color, item.team.name, item.weight, item.made) == ("x", Color.RED, "t", 1.5, made), item
print("ok query")

answer = store_fail.sync_detailed("x", client=client)
assert answer.status_code == 404
assert isinstance(answer.parsed, Status), answer.parsed
assert (answer.parsed.code, answer.parsed.message) == (5, "no such item")
detail = answer.parsed.details[0]
assert detail.type_.endswith("google.rpc.ErrorInfo") and detail["reason"] == "ASKED_FOR"
print("ok error")
# It knows no streams.
print("lacks stream")
