"""FastAPI with `cryptography`, as a service without a library for webhooks has it; uvicorn starts one process a core."""
import base64
import json
import os

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from fastapi import FastAPI, Request, Response

with open(os.environ["KEY"], "rb") as file:
    KEY = load_pem_public_key(file.read())
ECDSA = isinstance(KEY, ec.EllipticCurvePublicKey)
app = FastAPI()


def verify(signature, body):
    if ECDSA:
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        KEY.verify(encode_dss_signature(r, s), body, ec.ECDSA(SHA256()))
    else:
        KEY.verify(signature, body, padding.PKCS1v15(), SHA256())


@app.post("/hook")
async def hook(request: Request):
    body = await request.body()
    try:
        verify(base64.b64decode(request.headers.get("x-signature", "")), body)
    except (InvalidSignature, ValueError):
        return Response(status_code=401)
    json.loads(body)
    return Response(status_code=204)
