"""The device's own page and its REST API.

They show one read-only model, which the application builds:

    name                device's name
    uptime              uptime.Uptime
    ecu                 "online", "offline" or "unknown"
    grouping            whether values are gathered into one document
    group               autopid.group.Group
    status_pairs()      (key, plain value) pairs about the device, without secrets
    destinations()      delivery.destination.Destination objects
    log                 log.Log
"""
