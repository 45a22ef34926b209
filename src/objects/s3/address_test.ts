import { DeliveryError } from "../../runtime/delivery_error.ts";
import { assert, assertEquals, assertThrows } from "../../testing/assert.ts";
import { readS3Address } from "./address.ts";
import { isRetriable, S3Refusal, storeError } from "./refusal.ts";

Deno.test("readS3Address() reads every part of a URL", () => {
  const { host, port, tls, bucket, region, accessKey, secretKey, name } = readS3Address(
    "s3://a%2Fb:c%40d@[::1]:9000/my.bucket/?region=eu-west-1&tls=true",
  );
  assertEquals([host, port, tls, bucket, region], ["::1", 9000, true, "my.bucket", "eu-west-1"]);
  assertEquals([accessKey, secretKey], ["a/b", "c@d"]);
  assert(!name.includes("c@d") && !name.includes("a/b"));
  const other = readS3Address("s3://c:d@h/bucket");
  assertEquals([other.accessKey, other.secretKey, other.port, other.tls], ["c", "d", 443, true]);
  assertEquals(readS3Address("s3://a:b@h:9000/bucket?cafile=/ca.pem").tls, true);
  assertEquals(readS3Address("s3://a:b@h:9000/bucket").tls, false);
});

Deno.test("readS3Address() says what of a URL cannot be used, without its keys", () => {
  for (
    const [url, part] of [
      ["nonsense", "be a URL"],
      ["http://access:secret@h/bucket", "s3://"],
      ["s3://access:secret@h", "bucket"],
      ["s3://access:secret@h/ab", "bucket"],
      ["s3://access:secret@h/Upper", "bucket"],
      ["s3://access:secret@h/a/b", "bucket"],
      ["s3://h/bucket", "access key"],
      ["s3://access@h/bucket", "secret key"],
      ["s3://access:secret@h/bucket?tls=yes", "tls"],
      ["s3://access:secret@h/bucket?ssl=true", "ssl"],
      ["s3://access:secret@h/bucket?tls=false&cafile=x", "cafile"],
      ["s3://access:secret%zz@h/bucket", "percent-encoded"],
      ["s3://access:se/cret@h/bucket", "percent-encoded"],
      ["s3://access:12/secret@h/bucket", "percent-encoded"],
      ["s3://access:12?secret@h/bucket", "percent-encoded"],
      ["s3://access:12#secret@h/bucket", "percent-encoded"],
    ]
  ) {
    const error = assertThrows(() => readS3Address(url), RangeError, part);
    assert(!/secret@|cret@/.test(error.message) && !error.message.includes("access:"), error.message);
  }
});

Deno.test("isRetriable() and storeError() tell passing failures from final ones and from faults of the program", () => {
  const xml = (code: string) => `<Error><Code>${code}</Code></Error>`;
  for (
    const [status, code, retriable] of [
      [500, "InternalError", true],
      [503, "", true],
      [429, "", true],
      [409, "OperationAborted", true],
      [403, "RequestTimeTooSkewed", true],
      [507, "XMinioStorageFull", true],
      [501, "NotImplemented", false],
      [403, "", false],
      [413, "", false],
      [404, "NoSuchBucket", false],
    ] as const
  ) {
    const error = storeError(new S3Refusal(status, code === "" ? "" : xml(code)), "put a", "s3://h/b");
    assert(error instanceof DeliveryError);
    assertEquals(error.retriable, retriable, `${status} ${code}`);
  }
  const fault = new TypeError("x is not a function");
  assertEquals([isRetriable(fault), storeError(fault, "put a", "s")], [false, fault]);
});
