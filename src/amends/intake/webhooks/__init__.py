"""Signed webhooks of other people's programs: checked, kept as they came, then mapped to what they mean.

`signatures` and `mapping` decide (PURE), `models` keep, `services` are the verbs, `views` and `api` the faces. A channel
says in `consumers` what it does with a mapped delivery.
"""
