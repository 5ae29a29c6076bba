/** Names that programs which draw on the processor give themselves: Chromium's SwiftShader, Mesa's llvmpipe, lavapipe and softpipe, Windows' WARP. */
const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render|warp/i

/** Whether an adapter's name is that of a program that draws on the processor. */
export const isSoftwareAdapter = (name: string): boolean => softwareNames.test(name)
