"""Signs GET <url> with oauthlib, as another client would: prints the Authorization header.

Arguments: url, consumer key, consumer secret, access token, access secret, time stamp, nonce.
"""

import sys

try:
    from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, Client
except ImportError:
    sys.exit(3)

url, consumer_key, consumer_secret, token, secret, timestamp, nonce = sys.argv[1:]
client = Client(
    consumer_key,
    client_secret=consumer_secret,
    resource_owner_key=token,
    resource_owner_secret=secret,
    signature_method=SIGNATURE_HMAC_SHA1,
    realm="ADM",
    timestamp=timestamp,
    nonce=nonce,
)
print(client.sign(url)[1]["Authorization"])
