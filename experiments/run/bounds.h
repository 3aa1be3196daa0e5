#pragma once
// The largest values of whole numbers among the options, each with its reason. What is beyond is a
// slip of the keyboard, which would end in hours of silence: a program that is asked to stop first
// finishes its step.
namespace eps::models::most {

/// Schedules compute with steps as doubles, which hold every whole number up to 2^53.
inline constexpr double steps = 9007199254740992;
/// A square layer of this width holds 17 GB in f32.
inline constexpr double width = 65536;
/// This many images of 28x28 are 3 GB for the first layer alone.
inline constexpr double batch = 1 << 20;
/// Layers in a row without shortcuts. A model of so many takes about a second to build.
inline constexpr double layers = 1000;
/// Steps of D within a step of training, which takes as many times longer.
inline constexpr double inner_steps = 1000;
/// Steps of D whose graphs are kept at once; Metz et al. 2017 unroll 10 at most.
inline constexpr double unrolled_steps = 100;
/// Samples of a bound for each image, all of them in memory for one image; Burda et al. 2016
/// measure with 5000.
inline constexpr double importance_samples = 100000;

}  // namespace eps::models::most
