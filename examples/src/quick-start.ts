import { function as F, taskEither as TE } from 'fp-ts'
import { boxHead, convsOneFc, fpn, inferenceValues, maskConvs, maskHead, rcnn, resnet, torchvision } from '@tabula/detection'
import { groupNorm } from '@tabula/nn'
import { compile, key } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'

const norm = groupNorm(8)
const backbone = fpn(resnet({ depth: 18, base: 16, norm }), { channels: 64, norm })
const heads = { box: boxHead(convsOneFc({ convs: 2, width: 256, norm })), mask: maskHead(maskConvs({ convs: 2, channels: 64, norm })) }
const model = rcnn({ ...torchvision, backbone, heads, classes: 9 })
const image = { images: new Float32Array(3 * 128 * 128), height: 128, width: 128, items: [{ height: 128, width: 128 }] }
const example = { ...model.init(key(0)), batch: inferenceValues(image) }
const compiled = F.pipe(cpuDevice(), TE.chainW((device) => compile(device)((x) => model.infer(x.params, x.state, x.batch), example)))
export const detections = await F.pipe(compiled, TE.chainW(({ run }) => run(example)))()
