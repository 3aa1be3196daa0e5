// GANs, diffusion models and flows as a user of the program meets them, from train to eval. (The
// VAE's way is in cli_test.cpp.)
#include <nlohmann/json.hpp>

#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

using namespace eps;
using namespace eps::test;
using Json = nlohmann::json;

namespace {

struct Refusal {
    std::vector<std::string> options;
    std::string part;  // of the sentence
};

// Each is a mistake of the call, found before anything is written.
void refused_training(const std::string& family, const std::string& run,
                      const std::vector<Refusal>& refusals) {
    for (const Refusal& refusal : refusals) {
        std::vector<std::string> arguments{"train", family, "--out", run};
        arguments.insert(arguments.end(), refusal.options.begin(), refusal.options.end());
        const Finished finished = eps_program(arguments);
        CHECK_MESSAGE(finished.code == 2, finished.err);
        CHECK_MESSAGE(one_sentence(finished.err), finished.err);
        CHECK_MESSAGE(contains(finished.err, refusal.part), finished.err);
        CHECK_FALSE(std::filesystem::exists(run));
    }
}

// What `eps eval --json` says of a run; `keys` are in it.
Json evaluated(const std::string& run, const std::vector<std::string>& keys,
               const std::vector<std::string>& options = {}) {
    std::vector<std::string> arguments{"eval", run, "--json"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Finished finished = eps_program(arguments);
    REQUIRE_MESSAGE(finished.code == 0, finished.err);
    const Json metrics = Json::parse(finished.out);
    for (const std::string& key : keys) CHECK_MESSAGE(metrics.contains(key), key);
    return metrics;
}

}  // namespace

TEST_CASE("a GAN from train to eval, its options refused with what is allowed") {
    TempFolder data;
    put_tiny_data(data);
    const std::string run = data / "run";
    const Finished train = eps_program(tiny_gan(data, run, 20, {"--data", "ring8"}));
    REQUIRE_MESSAGE(train.code == 0, train.err);
    CHECK(contains(train.err, "step 20/20  d_loss"));
    CHECK(std::filesystem::exists(run + "/samples/samples.png"));
    const std::string metrics = bytes_of_file(run + "/metrics.jsonl");
    for (const char* key : {"value", "d_real", "d_fake", "logit_gradient", "gradient_ratio",
                            "modes", "hq", "reverse_kl", "d_gap"})
        CHECK_MESSAGE(contains(metrics, "\"" + std::string(key) + "\": "), key);
    CHECK(eps_program({"sample", run, "--count", "50", "--out", data / "a.png"}).code == 0);
    evaluated(run, {"modes", "hq", "reverse_kl", "swd", "swd_floor"});

    const std::string none = data / "none";
    refused_training(
        "gan", none,
        {{{"--k", "0"}, "expected at least 1"},
         {{"--pac", "0"}, "expected at least 1"},
         {{"--pac", "3"}, "packs must divide the batch"},
         {{"--loss", "chi-squared"},
          "non-saturating, minimax, hinge, least-squares, wasserstein, relativistic"},
         {{"--data", "cifar"},
          "ring8, grid25, moons, checkerboard, pinwheel, spirals, fashion-mnist, mnist"},
         {{"--data", "moons", "--conditional"}, "ring8, grid25, fashion-mnist, mnist"},
         {{"--gp", "r3"}, "none, wgan-gp, r1, r2, r1+r2"},
         {{"--data", "mnist", "--gp", "r1", "--norm", "batch"}, "expected --norm group or none"}});
    const Finished missing = eps_program(
        {"train", "gan", "--out", none, "--data", "mnist", "--data-dir", data / "nowhere"});
    CHECK(missing.code == 3);
    CHECK_FALSE(std::filesystem::exists(none));

    // The same in a run that is there is the run's fault.
    const std::string config = run + "/config.json", good = bytes_of_file(config);
    std::string bad = good;
    put(config, bad.replace(bad.find("\"pac\": 1"), 8, "\"pac\": 3"));
    const Finished broken = eps_program({"train", "--resume", run, "--steps", "30"});
    CHECK(broken.code == 1);
    CHECK_MESSAGE(contains(broken.err, "packs must divide the batch"), broken.err);
    CHECK(contains(broken.err, run));
    // A checkpoint of another family is a folder that was given by mistake.
    put(config, good);
    REQUIRE(eps_program(tiny_training(data, data / "vae", 10)).code == 0);
    put(run + "/checkpoint.safetensors", bytes_of_file(data / "vae/checkpoint.safetensors"));
    const Finished mistaken = eps_program({"eval", run});
    CHECK(mistaken.code == 2);
    CHECK_MESSAGE(contains(mistaken.err, "is a run of gan, but its checkpoint is of 'vae'"),
                  mistaken.err);
}

TEST_CASE("a DDPM from train to eval, options of sampling refused with what is allowed") {
    TempFolder data;
    put_tiny_data(data);
    const std::string plane = data / "plane", images = data / "images", vae = data / "vae",
                      picture = data / "a.png";
    REQUIRE(eps_program(tiny_ddpm(data, plane, 20, {"--data", "grid25"})).code == 0);
    REQUIRE(eps_program(tiny_ddpm(data, images, 20, {"--data", "mnist", "--conditional"})).code ==
            0);
    REQUIRE(eps_program(tiny_training(data, vae, 10)).code == 0);
    for (const char* name : {"samples", "denoising", "noising", "loss-by-t"})
        CHECK(std::filesystem::exists(plane + "/samples/" + name + ".png"));
    CHECK(contains(bytes_of_file(images + "/metrics.jsonl"), "\"loss_t4\": "));

    const auto drawn = [&](const std::vector<std::string>& more) {
        std::vector<std::string> arguments{"sample",  images, "--out",  picture,
                                           "--count", "6",    "--seed", "7"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Finished finished = eps_program(arguments);
        REQUIRE_MESSAGE(finished.code == 0, finished.err);
        CHECK(finished.out ==
              picture + "\n" + (data / "a-film.png") + "\n" + (data / "a-denoising.png") + "\n");
        return bytes_of_file(picture) + bytes_of_file(data / "a-film.png") +
               bytes_of_file(data / "a-denoising.png");
    };
    const std::string usual = drawn({});
    // the run's sampler, another split
    CHECK(drawn({"--sampler", "ddim", "--steps", "4", "--eta", "1", "--batch", "1"}) == usual);
    CHECK(drawn({"--class", "3"}) != usual);
    CHECK(drawn({"--guidance", "2"}) != usual);
    CHECK(drawn({"--eta", "0"}) != usual);
    CHECK(drawn({"--sampler", "ancestral", "--variance", "beta-tilde", "--steps", "0"}) != usual);

    std::filesystem::remove(picture);
    const auto refused = [&](const std::string& run, const std::vector<std::string>& more,
                             const std::string& part) {
        for (std::vector<std::string> arguments :
             {std::vector<std::string>{"sample", run, "--out", picture}, {"eval", run}}) {
            arguments.insert(arguments.end(), more.begin(), more.end());
            const Finished finished = eps_program(arguments);
            CHECK_MESSAGE(finished.code == 2, finished.err);
            CHECK_MESSAGE(one_sentence(finished.err), finished.err);
            CHECK_MESSAGE(contains(finished.err, part), finished.err);
            CHECK_FALSE(std::filesystem::exists(picture));
        }
    };
    refused(images, {"--sampler", "euler-maruyama"},
            "expected one of: ancestral, ddim, euler, heun, dpm++");
    refused(images, {"--steps", "21"}, "got --steps 21; expected 20 at most");
    refused(images, {"--steps", "-1"}, "'steps' is -1");
    refused(images, {"--class", "10"}, "no such class; got --class 10; expected 0 to 9");
    refused(plane, {"--class", "1"}, "trained with --conditional");
    refused(plane, {"--sampelr", "ddim"}, "did you mean --sampler?");
    refused(vae, {"--sampler", "ddim"},
            "a run of vae has no --sampler; it has no options of sampling");

    evaluated(plane, {"nll_bound", "nll_bound_se", "l_T", "l_mid", "l_0", "nll_ode", "nll_true",
                      "kl_ode", "kl_ode_se", "modes", "swd_floor"});
    const Json bits = evaluated(images,
                                {"bits_per_dim_se", "l_T_se", "l_mid_se", "l_0_se",
                                 "bits_per_dim_train", "bits_per_dim_train_se", "coverage"},
                                {"--sampler", "ancestral"});
    CHECK(bits.at("bits_per_dim").get<double>() ==
          doctest::Approx(bits.at("l_T").get<double>() + bits.at("l_mid").get<double>() +
                          bits.at("l_0").get<double>()));
    CHECK(bits.at("bound_samples") == 40);

    const std::string none = data / "none";
    refused_training("ddpm", none,
                     {{{"--T", "5"}, "beta leaves (0, 1) at step 2 of 5"},
                      {{"--sampler", "sde"}, "ancestral, ddim"},
                      {{"--prediction", "score"}, "noise, x0, v"},
                      {{"--data", "mnist", "--levels", "1,2,2,2"}, "cannot be halved"}});
}

TEST_CASE("a flow from train to eval, bad options refused with what is allowed") {
    TempFolder data;
    put_tiny_data(data);
    const std::string energy = data / "energy", plane = data / "plane", images = data / "images",
                      none = data / "none";
    REQUIRE(eps_program(
                tiny_flow(data, energy, 20, {"--flow", "planar", "--target", "U1", "--k", "4"}, 10))
                .code == 0);
    REQUIRE(eps_program(
                tiny_flow(data, plane, 20, {"--flow", "cfm", "--target", "moons", "--width", "8"}))
                .code == 0);
    REQUIRE(
        eps_program(tiny_flow(data, images, 20,
                              {"--flow", "glow", "--target", "mnist", "--k", "1", "--width", "4"}))
            .code == 0);
    for (const char* name : {"samples", "density", "warp", "density-film", "samples-film"})
        CHECK(std::filesystem::exists(energy + "/samples/" + name + ".png"));

    const Json of_energy =
        evaluated(energy, {"kl", "kl_se", "free_energy", "ln_z", "ln_z_se", "ln_z_true", "ess",
                           "ess_se", "log_det_1", "log_det_4"});
    CHECK_FALSE(of_energy.contains("log_det_5"));
    evaluated(plane,
              {"nll", "nll_se", "entropy", "nll_gap", "nll_gap_se", "log_det_1", "swd_floor"});
    evaluated(images, {"bits_per_dim", "bits_per_dim_se", "bits_per_dim_train", "nll", "log_det_2",
                       "coverage"});

    REQUIRE(eps_program({"sample", plane, "--out", data / "a.png", "--count", "5", "--solver",
                         "euler", "--steps", "4"})
                .code == 0);
    CHECK(std::filesystem::exists(data / "a-warp.png"));
    CHECK(eps_program({"sample", energy, "--out", data / "b.png", "--solver", "euler"}).code == 2);

    refused_training(
        "flow", none,
        {{{"--k", "0"}, "'k' is 0"},
         {{"--flow", "sylvester"}, "planar, radial, nice"},
         {{"--flow", "cfm", "--target", "U1"}, "an energy has none"},
         {{"--target", "pinwheel", "--stl"}, "needs a density"},
         {{"--flow", "glow", "--target", "mnist", "--levels", "3"}, "cannot be halved"}});
}

TEST_CASE("a flow that diverges: the layer whose log-determinant is not finite") {
    TempFolder data;
    const std::vector<std::string> reckless{"--flow", "realnvp", "--target",    "moons",
                                            "--lr",   "1e30",    "--grad-clip", "0"};
    const Finished diverged = eps_program(tiny_flow(data, data / "run", 20, reckless));
    CHECK(diverged.code == 1);
    CHECK_MESSAGE(contains(diverged.err, "the log-determinant of layer "), diverged.err);
    CHECK_MESSAGE(contains(diverged.err, ", affine coupling, is not finite"), diverged.err);
}
