"""30分電力量: what the meters measured, half-hour by half-hour, with what is missing kept missing.

One row is a point and a day: 48 half-hours in integer Wh, slot 1 = 00:00–00:30 JST. Files carry kWh decimals.
"""
