#include "ricker.h"

EPS_CUDA_KERNELS(Ricker)
