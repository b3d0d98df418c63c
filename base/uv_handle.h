// Sole ownership of a libuv handle: its owner may die at any moment, synchronously.
//
// The deleter clears `data`, calls uv_close and frees the memory in the close callback, so that
// from the owner's death on no callback can reach it. Include it from base/*.cc only (it needs
// <uv.h>).
#pragma once

#include <uv.h>

#include <memory>

namespace tealgate {

struct UvHandleDeleter {
  template <class T>
  void operator()(T* handle) const {
    handle->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(handle),
             [](uv_handle_t* closed) { delete reinterpret_cast<T*>(closed); });
  }
};

// Only for handles on which uv_*_init has succeeded.
template <class T>
using UvHandle = std::unique_ptr<T, UvHandleDeleter>;

}  // namespace tealgate
