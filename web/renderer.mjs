// Draws with WebGL 2 what a frame lists (wasm_drawing.h): one program, one texture of opacities, clipped triangles.

const kVertex = ['#version 300 es', 'uniform vec2 size;', 'in vec2 place;', 'in vec2 at;', 'in vec4 color;', 'out vec2 where;', 'out vec4 tint;',
                 'void main() {', 'where = at;', 'tint = color;', 'gl_Position = vec4(place / size * vec2(2, -2) + vec2(-1, 1), 0, 1);', '}'].join('\n');
const kFragment = ['#version 300 es', 'precision mediump float;', 'uniform sampler2D opacity;', 'in vec2 where;', 'in vec4 tint;', 'out vec4 color;',
                   'void main() {', 'color = vec4(tint.rgb, tint.a * texture(opacity, where).r);', '}'].join('\n');

const kVertexBytes = 20;  // two floats of place, two of texture, four bytes of colour

// null where there is no WebGL 2.
export function createRenderer(canvas) {
  const gl = canvas.getContext('webgl2', {alpha: false, depth: false, stencil: false, antialias: false, powerPreference: 'low-power'});
  if (!gl) return null;
  let size = null;
  let textures = new Map();

  function shader(kind, text) {
    const made = gl.createShader(kind);
    gl.shaderSource(made, text);
    gl.compileShader(made);
    return made;
  }

  // All that a context holds; again after one was lost.
  function prepare() {
    textures = new Map();
    const program = gl.createProgram();
    gl.attachShader(program, shader(gl.VERTEX_SHADER, kVertex));
    gl.attachShader(program, shader(gl.FRAGMENT_SHADER, kFragment));
    ['place', 'at', 'color'].forEach((name, i) => gl.bindAttribLocation(program, i, name));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return false;
    gl.useProgram(program);
    size = gl.getUniformLocation(program, 'size');
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    for (const [i, count, type, normalized, offset] of [[0, 2, gl.FLOAT, false, 0], [1, 2, gl.FLOAT, false, 8], [2, 4, gl.UNSIGNED_BYTE, true, 16]]) {
      gl.enableVertexAttribArray(i);
      gl.vertexAttribPointer(i, count, type, normalized, kVertexBytes, offset);
    }
    gl.enable(gl.BLEND);
    gl.enable(gl.SCISSOR_TEST);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    return true;
  }

  function createTexture(name, width, height, pixels) {
    const texture = gl.createTexture();
    textures.set(name, texture);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const kind of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, kind, gl.LINEAR);
    for (const kind of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, kind, gl.CLAMP_TO_EDGE);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, width, height, 0, gl.RED, gl.UNSIGNED_BYTE, pixels);
  }

  // `memory` is wasm's, `list` the frame's records; `width` and `height` in CSS pixels.
  function draw(memory, list, width, height, [red, green, blue]) {
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.scissor(0, 0, canvas.width, canvas.height);
    gl.clearColor(red, green, blue, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform2f(size, width, height);
    const bytes = (address, count) => memory.subarray(address, address + count);
    for (let i = 0; i < list.length;) {
      const [kind, a, b, c, d, e, f, g] = list.subarray(i, i + 8);
      if (kind === 0) {
        createTexture(a, b, c, bytes(d, b * c));
      } else if (kind === 1) {
        gl.bindTexture(gl.TEXTURE_2D, textures.get(a));
        gl.pixelStorei(gl.UNPACK_ROW_LENGTH, g);
        gl.texSubImage2D(gl.TEXTURE_2D, 0, b, c, d, e, gl.RED, gl.UNSIGNED_BYTE, bytes(f, (e - 1) * g + d));
        gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
      } else if (kind === 2) {
        gl.deleteTexture(textures.get(a));
        textures.delete(a);
      } else if (kind === 3) {
        gl.bufferData(gl.ARRAY_BUFFER, bytes(a, b), gl.STREAM_DRAW);
        gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, bytes(c, d), gl.STREAM_DRAW);
      } else {
        gl.scissor(a, b, c, d);
        gl.bindTexture(gl.TEXTURE_2D, textures.get(e));
        gl.drawElements(gl.TRIANGLES, f, gl.UNSIGNED_SHORT, 2 * g);
      }
      i += [5, 8, 2, 5, 8][kind];
    }
  }

  return prepare() ? {prepare, draw} : null;
}
