import type { HeaderField } from '../../../src/s3-protocol/signature/raw-request.ts';

/** A chunked upload as minio-go 7.0.91 writes it, signed with the keys of sdk-signer.ts at its time. */
export interface MinioGoBody {
  readonly mode: 'signed' | 'signed-trailer' | 'unsigned-trailer';
  readonly size: number;
  /** Empty where the request's own signature is not needed. */
  readonly headers: readonly HeaderField[];
  /** What stands on the wire; a number is so many bytes of content, which is `0123456789` over and over. */
  readonly wire: readonly (string | number)[];
}

/** The request is `PUT /bucket/some%20key`. */
export const minioGoBodies: readonly MinioGoBody[] = [
  {
    mode: 'signed',
    size: 0,
    headers: [
      [
        'Authorization',
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260930/eu-central-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length,Signature=135bbe5b47988de9678964f69a5205b96bb5eef9d118036a5be5142655353c66',
      ],
      ['Host', 'localhost:9440'],
      ['X-Amz-Content-Sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
      ['X-Amz-Date', '20260930T120000Z'],
      ['X-Amz-Decoded-Content-Length', '0'],
    ],
    wire: ['0;chunk-signature=5d84d0a04908f1bfb157814fa2e366ea28fdea044d3e57640761ff315c0c4674\r\n\r\n'],
  },
  {
    mode: 'signed-trailer',
    size: 0,
    headers: [
      [
        'Authorization',
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260930/eu-central-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-trailer,Signature=f3acb1d9cdfe1e3f2dbd2937cc9873bff44bdfd29cbc12759bd875812e7ce370',
      ],
      ['Host', 'localhost:9440'],
      ['X-Amz-Content-Sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'],
      ['X-Amz-Date', '20260930T120000Z'],
      ['X-Amz-Decoded-Content-Length', '0'],
      ['X-Amz-Trailer', 'x-amz-checksum-crc32c'],
    ],
    wire: [
      '0;chunk-signature=6c8d33e0b45a7978e06ac39c173bf4fa700f87e0791e9ea37619d055f33a1a06\r\nx-amz-checksum-crc32c:AAAAAA==\n\r\nx-amz-trailer-signature:50ea543e07d8187cd46e552fb92211af999edb90fe96c7ed710a89c6ad383e92\r\n\r\n',
    ],
  },
  { mode: 'unsigned-trailer', size: 0, headers: [], wire: ['0\r\nx-amz-checksum-crc32c:AAAAAA==\n\r\n\r\n'] },
  {
    mode: 'signed',
    size: 5,
    headers: [
      [
        'Authorization',
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260930/eu-central-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length,Signature=caad903989e064e593276c80fc8a2351f25baaa65f8974e5b6e6bf1cb95f2351',
      ],
      ['Host', 'localhost:9440'],
      ['X-Amz-Content-Sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
      ['X-Amz-Date', '20260930T120000Z'],
      ['X-Amz-Decoded-Content-Length', '5'],
    ],
    wire: [
      '5;chunk-signature=0b04b5b0ab3d14219b49a1f0f77178ccf0e7819119a6f745b4cb007085d6f793\r\n',
      5,
      '\r\n0;chunk-signature=211f6e63d9a46c8f8cf6e521eeedb87021377593a9d9d69be0d5c6ae1d123833\r\n\r\n',
    ],
  },
  {
    mode: 'signed-trailer',
    size: 5,
    headers: [
      [
        'Authorization',
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260930/eu-central-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-trailer,Signature=9b1321e828adfcbb5308f7c2ccc726f76f11fa446b4428dc314053e2744443ed',
      ],
      ['Host', 'localhost:9440'],
      ['X-Amz-Content-Sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'],
      ['X-Amz-Date', '20260930T120000Z'],
      ['X-Amz-Decoded-Content-Length', '5'],
      ['X-Amz-Trailer', 'x-amz-checksum-crc32c'],
    ],
    wire: [
      '5;chunk-signature=63f5686a696f8abf24e1bf418a3e59b107dbcddab048117870352b629ae0045a\r\n',
      5,
      '\r\n0;chunk-signature=204f287cf369d32af5cda090a9dc444c925424f55f565bda22e5e8280380b62e\r\nx-amz-checksum-crc32c:b6UdmA==\n\r\nx-amz-trailer-signature:f2360d59f569d1bda1b07db5832cefc0dfbd36bbec4863788cfca56544c001d1\r\n\r\n',
    ],
  },
  {
    mode: 'unsigned-trailer',
    size: 5,
    headers: [],
    wire: ['5\r\n', 5, '\r\n0\r\nx-amz-checksum-crc32c:b6UdmA==\n\r\n\r\n'],
  },
  {
    mode: 'signed',
    size: 150000,
    headers: [
      [
        'Authorization',
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260930/eu-central-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length,Signature=2f647cfe06629a6ec336f3cce928a496b17586e37b6f58e13a121f98e3b27e28',
      ],
      ['Host', 'localhost:9440'],
      ['X-Amz-Content-Sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
      ['X-Amz-Date', '20260930T120000Z'],
      ['X-Amz-Decoded-Content-Length', '150000'],
    ],
    wire: [
      '10000;chunk-signature=cb869d61197ee4e69e70bd6e67744c52a011c584397ae05434fa899545dcaaba\r\n',
      65536,
      '\r\n10000;chunk-signature=856872bcc8b0bd26297aa13e82bc5d21d5e055f0bdf62c32d8dcbf74416f3388\r\n',
      65536,
      '\r\n49f0;chunk-signature=f95489556437fa4102b9b367044670f03793cafa81d11af906f93fec88a2cbe1\r\n',
      18928,
      '\r\n0;chunk-signature=5e777963f9e3460c52df5d743924fb6e878460e901f123c7956010e96ba0c8dd\r\n\r\n',
    ],
  },
  {
    mode: 'signed-trailer',
    size: 150000,
    headers: [
      [
        'Authorization',
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260930/eu-central-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-trailer,Signature=40b86730af2cc1eca8fc94a9049df996a9aabfa0d32e5cf1cb71a8ea91318387',
      ],
      ['Host', 'localhost:9440'],
      ['X-Amz-Content-Sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'],
      ['X-Amz-Date', '20260930T120000Z'],
      ['X-Amz-Decoded-Content-Length', '150000'],
      ['X-Amz-Trailer', 'x-amz-checksum-crc32c'],
    ],
    wire: [
      '10000;chunk-signature=1975e68192a6510252f98613a8ca0b93ac1d73080c3da8375ecd496ab8d631af\r\n',
      65536,
      '\r\n10000;chunk-signature=f3761d6acbad036a7aeef82157d045d6edbbd4347161e21820928c82674f746e\r\n',
      65536,
      '\r\n49f0;chunk-signature=ac26c3de18ee1b7b9ad660ad449fea2c2e4e3310f2d5e2f644da098a90b8bf89\r\n',
      18928,
      '\r\n0;chunk-signature=d7d284f0108d82c1171d06627aaea42eba69769f0c63668a5dee22f33db35cea\r\nx-amz-checksum-crc32c:GgeeCA==\n\r\nx-amz-trailer-signature:3b108c4f7f71cf248089101123ae10829c6c3ef2fddddf93485ab8967af33ac2\r\n\r\n',
    ],
  },
  {
    mode: 'unsigned-trailer',
    size: 150000,
    headers: [],
    wire: [
      '10000\r\n',
      65536,
      '\r\n10000\r\n',
      65536,
      '\r\n49f0\r\n',
      18928,
      '\r\n0\r\nx-amz-checksum-crc32c:GgeeCA==\n\r\n\r\n',
    ],
  },
];
