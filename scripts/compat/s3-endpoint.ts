/** Where an S3 server answers, and as whom it may be asked. */
export interface S3Endpoint {
  /** `http://127.0.0.1:7070` */
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}
