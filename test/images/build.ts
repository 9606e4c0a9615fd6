import { buildImages, missingForImages } from './images.ts'

const missing = await missingForImages()
if (missing !== undefined) throw new Error(missing)
const images = await buildImages(console.log)
for (const { image, archive } of Object.values(images)) console.log(`${image}  ${archive}`)
