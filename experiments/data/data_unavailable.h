#pragma once
// The error of a data set that is not on this computer.
#include <string>

#include "tensor/error.h"

namespace eps::data {

class DataUnavailable : public Unavailable {
public:
    using Unavailable::Unavailable;
};

}  // namespace eps::data
