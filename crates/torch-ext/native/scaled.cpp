// In-place operations of libtorch that take a scalar, which tch's bindings leave out. False where libtorch refuses.
#include <ATen/core/Tensor.h>

namespace {

template <typename Operation>
bool done(Operation operation) {
    try {
        operation();
        return true;
    } catch (...) {
        return false;
    }
}

} // namespace

extern "C" bool torch_ext_axpy(at::Tensor *y, double a, const at::Tensor *x) {
    return done([&] { y->add_(*x, a); });
}

extern "C" bool torch_ext_addcmul(at::Tensor *y, double c, const at::Tensor *a, const at::Tensor *b) {
    return done([&] { y->addcmul_(*a, *b, c); });
}

extern "C" bool torch_ext_addcdiv(at::Tensor *y, double c, const at::Tensor *a, const at::Tensor *b) {
    return done([&] { y->addcdiv_(*a, *b, c); });
}
