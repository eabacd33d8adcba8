import { decodeTags, encodeTags } from '../attributes.ts';
import { documentAnswer, emptyAnswer } from './named-answer.ts';
import { changeBucket, type NamedCall, type NamedOperation, viewBucket } from './named-operation.ts';
import { readTagging, type Tags, taggingContent } from './tagging-document.ts';

export const getObjectTagging: NamedOperation = (call) =>
  viewBucket(call, (catalogue) => {
    const { tags } = catalogue.requireObject(call.name);
    return documentAnswer('Tagging', taggingContent(decodeTags(tags)));
  });

export const putObjectTagging: NamedOperation = async (call) => {
  await setTags(call, readTagging(call.request.body, 'object'));
  return emptyAnswer(200);
};

export const deleteObjectTagging: NamedOperation = async (call) => {
  await setTags(call, {});
  return emptyAnswer(204);
};

/** Neither the ETag nor the time of the object change with its tags. */
async function setTags(call: NamedCall, tags: Tags): Promise<void> {
  await changeBucket(call, (catalogue) => {
    catalogue.requireObject(call.name);
    catalogue.objects.setTags(call.name, encodeTags(tags));
  });
}
