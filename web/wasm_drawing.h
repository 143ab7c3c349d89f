// A frame's triangles as a list of numbers, which renderer.mjs draws: ImGui's own backend would bring a
// second WebGL along, in C++ and in glue, some tenth of every first visit.
//
// The list is records of a kind and its operands:
//   0 create   texture, width, height, pixels
//   1 update   texture, x, y, width, height, pixels of the corner, pixels in a row of the texture
//   2 destroy  texture
//   3 list     vertices, bytes of them, indices, bytes of them
//   4 draw     x, y (from below), width, height of the clipped part, texture, indices, first of them
// Addresses are into wasm's memory, pixels one byte of opacity, rectangles in the canvas's own pixels.
#ifndef PLIMSOLL_WEB_WASM_DRAWING_H_
#define PLIMSOLL_WEB_WASM_DRAWING_H_

#include <cstdint>
#include <vector>

namespace plimsoll {

// What the renderer can do. Before the first font: the atlas spoils glyphs when its format changes later.
void ConnectRenderer();

// Of the frame that ImGui::Render closed. Textures that it names count as done.
void RecordDrawing(std::vector<int32_t>* list);

// The canvas lost its context: all textures are to be made again.
void ForgetTextures();

}  // namespace plimsoll

#endif  // PLIMSOLL_WEB_WASM_DRAWING_H_
