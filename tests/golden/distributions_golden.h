// Written by make_distributions_golden.py.
#pragma once
#include <vector>

namespace eps::golden::distributions {

inline const std::vector<double> normal_log_prob{
    -2.294526415920111,
    -3.0598325383690907,
    -21.640016091080113,
};
inline const std::vector<double> normal_entropy{
    2.743566386938104,
};
inline const std::vector<double> normal_kl{
    1.742305441056777,
};
inline const std::vector<double> normal_kl_to_standard{
    0.8093106794712415,
};
inline const std::vector<double> bernoulli_log_prob{
    -3.0683029663888264,
};
inline const std::vector<double> bernoulli_entropy{
    1.2718691008730847,
};
inline const std::vector<double> bernoulli_kl{
    0.6250345423120853,
};
inline const std::vector<double> uniform_log_prob{
    -2.0794415416798357,
};
inline const std::vector<double> uniform_entropy{
    2.0794415416798357,
};
inline const std::vector<double> mixture_log_prob{
    -2.0725800082114985,
    -6.911566125972818,
    -6.907277466653754,
};
inline const std::vector<double> mixture_score{
    0.037011510412021664, 0.019380220628306688, -2.173608505984248,
    3.2100707538340596,   3.1250006405691972,   -1.5625019194498433,
};

}  // namespace eps::golden::distributions
