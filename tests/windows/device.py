# SPDX-License-Identifier: ISC
"""What the tests ask of the device of a daemon."""

from programs import eventually


def device(client):
    return client.call("server.status")["device"]


def wait_for_device(client, state="open", timeout_s=30):
    return eventually(
        lambda: (found := device(client))["state"] == state and found,
        timeout_s,
        what=f"a device that is {state}",
    )


def moving(client, from_s=0.0, by_s=0.3, timeout_s=30):
    """The position as soon as it has moved on so far."""

    def look():
        now_s = client.status()["position_s"]
        return now_s if now_s > from_s + by_s else None

    return eventually(look, timeout_s, what="a position that moves")
