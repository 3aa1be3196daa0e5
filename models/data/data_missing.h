#pragma once
// The error of a data set that is not on this computer: the program ends with exit code 3, not 1.
#include <string>

#include "tensor/error.h"

namespace eps::data {

class DataMissing : public Error {
public:
    using Error::Error;
};

}  // namespace eps::data
