#pragma once
// The error of a data set that is not on this computer.
#include <string>

#include "tensor/error.h"

namespace eps::data {

class DataMissing : public Missing {
public:
    using Missing::Missing;
};

}  // namespace eps::data
