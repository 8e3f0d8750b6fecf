"""The demo's spans to a stand-in for X-Ray, which makes the signature that botocore
would have made of the same request."""

import datetime
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "exporters"))
from peers import PATIENCE, Failed, Sink, call, demo

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "eu-central-1"


def botocores(sink, post, credentials):
    """The Authorization header that botocore makes."""
    path, headers, _, raw = post
    signed = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    given = {name: headers[name] for name in signed if name not in ("host", "x-amz-date", "x-amz-security-token")}
    request = AWSRequest("POST", f"{sink.url}{path}", headers=given, data=raw)
    signer = SigV4Auth(credentials, "xray", REGION)
    # botocore signs as of now; the request was signed a moment ago.
    request.context["timestamp"] = headers["x-amz-date"]
    signer._modify_request_before_signing(request)
    canonical = signer.canonical_request(request)
    to_sign = signer.string_to_sign(request, canonical)
    signer._inject_signature_to_request(request, signer.signature(to_sign, request))
    return request.headers["Authorization"]


def check(token):
    sink = Sink()
    credentials = Credentials("AKIDEXAMPLE", "a/secret+with=signs", token)
    environment = {
        "OTEL_TRACES_EXPORTER": "xray",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL_XRAY": sink.url,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
    }
    if token:
        environment["AWS_SESSION_TOKEN"] = token
    with demo(**environment) as (gateway, _):
        call(gateway)
        post = sink.posts.get(timeout=PATIENCE)
    ours, theirs = post[1]["authorization"], botocores(sink, post, credentials)
    if ours != theirs:
        raise Failed(f"signed\n  {ours}\nwhere botocore signs\n  {theirs}")
    signed = datetime.datetime.strptime(post[1]["x-amz-date"], "%Y%m%dT%H%M%SZ")
    away = datetime.datetime.utcnow() - signed
    if abs(away.total_seconds()) > 60:
        raise Failed(f"signed {away} away from now")
    print(f"{'with' if token else 'without'} a session's token: botocore signs the same")


def main():
    for token in [None, "FwoGZXIvYXdzEBYaD/+x=="]:
        try:
            check(token)
        except Failed as failed:
            sys.exit(f"FAILED: {failed}")


if __name__ == "__main__":
    main()
