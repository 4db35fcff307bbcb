// Two switches of libtorch that tch has no function for: whether CUDA may multiply 32-bit floats with 10-bit mantissas.
#include <ATen/Context.h>

extern "C" void torch_ext_allow_tf32(bool products, bool convolutions) {
    at::globalContext().setAllowTF32CuBLAS(products);
    at::globalContext().setAllowTF32CuDNN(convolutions);
}

extern "C" bool torch_ext_allows_tf32_products() { return at::globalContext().allowTF32CuBLAS(); }

extern "C" bool torch_ext_allows_tf32_convolutions() { return at::globalContext().allowTF32CuDNN(); }
