// Dear ImGui's build options for the page (IMGUI_USER_CONFIG).
#ifndef PLIMSOLL_WEB_IMCONFIG_H_
#define PLIMSOLL_WEB_IMCONFIG_H_

// Our own font is always given on the page; the built-in one would only weigh. Headless tests use it.
#ifdef __EMSCRIPTEN__
#define IMGUI_DISABLE_DEFAULT_FONT
#endif

#endif  // PLIMSOLL_WEB_IMCONFIG_H_
