"""The nearest to a durable inbox on PyPI: an event and its key are one row in SQLite. Verification is a callback.

Its one process is what its README starts; a second one would only wait for the same file.
"""
import base64
import os
from contextlib import asynccontextmanager

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from fastapi import FastAPI
from hookrelay.backends.sqlite import SQLiteBackend
from hookrelay.fastapi import create_webhook_router
from sqlalchemy.ext.asyncio import create_async_engine

with open(os.environ["KEY"], "rb") as file:
    KEY = load_pem_public_key(file.read())
backend = SQLiteBackend(create_async_engine("sqlite+aiosqlite:///webhooks.db"))


def verify(body, headers):
    try:
        KEY.verify(base64.b64decode(headers.get("x-signature", "")), body, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


@asynccontextmanager
async def lifespan(_):
    await backend.init_schema()
    yield


app = FastAPI(lifespan=lifespan)
app.include_router(
    create_webhook_router(
        backend=backend,
        source="compare",
        path="/hook",
        verify_signature=verify,
        idempotency_key=lambda payload: payload.get("id"),
    )
)
