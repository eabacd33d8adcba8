"""Answers one JSON document a line with one: what a test asks of boto3."""
import json
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

job = json.loads(sys.stdin.readline())
s3 = boto3.client(
    "s3",
    endpoint_url=job["url"],
    region_name=job["region"],
    aws_access_key_id=job["accessKeyId"],
    aws_secret_access_key=job["secretAccessKey"],
    verify=job.get("caFile"),
    config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
)
whole = TransferConfig(multipart_threshold=4 * 2**30, use_threads=False)


def keys(Bucket, Prefix):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=Bucket, Prefix=Prefix)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def put(Bucket, Key, file, Metadata):
    s3.upload_file(file, Bucket, Key, ExtraArgs={"Metadata": Metadata}, Config=whole)


def get(Bucket, Key, file):
    with open(file, "wb") as out:
        for chunk in s3.get_object(Bucket=Bucket, Key=Key)["Body"].iter_chunks(1 << 20):
            out.write(chunk)


def get_range(Bucket, Key, Range):
    return s3.get_object(Bucket=Bucket, Key=Key, Range=Range)["Body"].read().hex()


def metadata(Bucket, Key):
    return s3.head_object(Bucket=Bucket, Key=Key)["Metadata"]


def remove(Bucket, Key):
    s3.delete_object(Bucket=Bucket, Key=Key)


def remove_all(Bucket, Prefix):
    found = keys(Bucket, Prefix)
    for start in range(0, len(found), 1000):
        objects = [{"Key": key} for key in found[start : start + 1000]]
        answer = s3.delete_objects(Bucket=Bucket, Delete={"Objects": objects})
        if answer.get("Errors") or len(answer["Deleted"]) != len(objects):
            raise RuntimeError(f"not all were deleted: {answer}")


def presign(operation, Bucket, Key):
    return s3.generate_presigned_url(operation, Params={"Bucket": Bucket, "Key": Key}, ExpiresIn=300)


calls = {call.__name__: call for call in (keys, put, get, get_range, metadata, remove, remove_all, presign)}
for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"result": calls[asked["call"]](**asked["args"])}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
