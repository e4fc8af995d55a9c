"""Body formats, one module each, loaded only when a destination uses it.

A format has `document(sample) -> bytes`: the body for one `delivery.sample.Sample`. It holds no secret, and is b"" if
the sample has nothing that the format could tell: then there is nothing to deliver. Besides:

- CONTENT_TYPE: the value of that header, None if there is no body;
- OPEN, SEPARATOR, CLOSE: how several documents become one body; SEPARATOR is None where they cannot;
- IN_QUERY: True if the document is a query string, to be put into the address;
- COUNTER: the sample is to be a `delivery.occasion.Occasion`; key of its numbers in the device's memory, {} for the
  destination's, "" if the format has no use for numbers;
- frame: (ids, device id, product, firmware) -> what stands before and behind the documents of a request.
"""
