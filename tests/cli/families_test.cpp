// GANs, diffusion models and flows from train to eval, and their options. (The VAE is in
// run_test.cpp.)
#include <nlohmann/json.hpp>

#include "tests/cli/process.h"
#include "tests/cli/tiny_data.h"

using namespace eps;
using namespace eps::test;
using Json = nlohmann::json;

namespace {

// Options that are wrong, and a part of the sentence that says so.
struct Mistake {
    const char* options;
    const char* part;
};

void check_mistake(const Words& command, const Mistake& mistake) {
    const Finished finished = eps_program(command + words(mistake.options));
    CHECK_MESSAGE(finished.code == 2, finished.err);
    CHECK_MESSAGE(one_sentence(finished.err), finished.err);
    CHECK_MESSAGE(contains(finished.err, mistake.part), finished.err);
}

// Wrong options of a new run are found before anything is written.
void check_mistakes_of_training(const std::string& family, const std::string& run,
                                const std::vector<Mistake>& mistakes) {
    for (const Mistake& mistake : mistakes) {
        check_mistake({"train", family, "--out", run}, mistake);
        CHECK_FALSE(std::filesystem::exists(run));
    }
}

// The metrics of `eps eval --json`; they have these keys.
Json evaluated(const std::string& run, const std::string& keys, const std::string& options = "") {
    const Finished finished = eps_program(Words{"eval", run, "--json"} + words(options));
    REQUIRE_MESSAGE(finished.code == 0, finished.err);
    const Json metrics = Json::parse(finished.out);
    for (const std::string& key : words(keys)) CHECK_MESSAGE(metrics.contains(key), key);
    return metrics;
}

}  // namespace

TEST_CASE("a GAN from train to eval") {
    TempFolder data;
    put_tiny_data(data);
    const std::string run = data / "run";
    const Finished train = eps_program(tiny_gan(data, run, 20, {"--data", "ring8"}));
    REQUIRE_MESSAGE(train.code == 0, train.err);
    CHECK(contains(train.err, "step 20/20  d_loss"));
    CHECK(std::filesystem::exists(run + "/samples/samples.png"));
    const std::string metrics = bytes_of_file(run + "/metrics.jsonl");
    for (const std::string& key :
         words("value d_real d_fake logit_gradient gradient_ratio modes hq reverse_kl d_gap"))
        CHECK_MESSAGE(contains(metrics, "\"" + key + "\": "), key);
    CHECK(eps_program({"sample", run, "--count", "50", "--out", data / "a.png"}).code == 0);
    evaluated(run, "modes hq reverse_kl swd swd_floor");
}

TEST_CASE("wrong options of a GAN: one sentence with what is allowed") {
    TempFolder data;
    const std::string none = data / "none";
    check_mistakes_of_training(
        "gan", none,
        {{"--k 0", "expected 1 to 1000"},
         {"--pac 0", "expected 1 to 1048576"},
         {"--pac 3", "packs must divide the batch"},
         {"--loss chi-squared",
          "non-saturating, minimax, hinge, least-squares, wasserstein, relativistic"},
         {"--data cifar",
          "ring8, grid25, moons, checkerboard, pinwheel, spirals, fashion-mnist, mnist"},
         {"--data moons --conditional", "ring8, grid25, fashion-mnist, mnist"},
         {"--gp r3", "none, wgan-gp, r1, r2, r1+r2"},
         {"--data mnist --gp r1 --norm batch", "expected --norm group or none"}});
    const Finished missing = eps_program(
        {"train", "gan", "--out", none, "--data", "mnist", "--data-dir", data / "nowhere"});
    CHECK(missing.code == 3);
    CHECK_FALSE(std::filesystem::exists(none));
}

TEST_CASE("wrong settings of an existing run are an error of that run") {
    TempFolder data;
    put_tiny_data(data);
    const std::string run = data / "run";
    REQUIRE(eps_program(tiny_gan(data, run, 20, {"--data", "ring8"})).code == 0);
    const std::string config = run + "/config.json";
    const std::string good = bytes_of_file(config);
    std::string bad = good;
    put(config, bad.replace(bad.find("\"pac\": 1"), 8, "\"pac\": 3"));
    const Finished broken =
        eps_program({"train", "--resume", run, "--steps", "30", "--accept-edited-config"});
    CHECK(broken.code == 1);
    CHECK_MESSAGE(contains(broken.err, "packs must divide the batch"), broken.err);
    CHECK(contains(broken.err, run));

    // A checkpoint of another family: the folder was given by mistake.
    put(config, good);
    REQUIRE(eps_program(tiny_vae(data, data / "vae", 10)).code == 0);
    put(run + "/checkpoint.safetensors", bytes_of_file(data / "vae/checkpoint.safetensors"));
    check_mistake({"eval", run}, {"", "is a run of gan, but its checkpoint is of 'vae'"});
}

TEST_CASE("a DDPM from train to eval") {
    TempFolder data;
    put_tiny_data(data);
    const std::string plane = data / "plane";
    const std::string images = data / "images";
    REQUIRE(eps_program(tiny_ddpm(data, plane, 20, {"--data", "grid25"})).code == 0);
    REQUIRE(eps_program(tiny_ddpm(data, images, 20, {"--data", "mnist", "--conditional"})).code ==
            0);
    for (const char* name : {"samples", "denoising", "noising", "loss-by-t"})
        CHECK(std::filesystem::exists(plane + "/samples/" + name + ".png"));
    CHECK(contains(bytes_of_file(images + "/metrics.jsonl"), "\"loss_t4\": "));

    evaluated(plane,
              "nll_bound nll_bound_se l_T l_mid l_0 nll_ode nll_true kl_ode kl_ode_se modes "
              "swd_floor");
    const Json bits =
        evaluated(images,
                  "bits_per_dim_se l_T_se l_mid_se l_0_se bits_per_dim_train bits_per_dim_train_se "
                  "coverage",
                  "--sampler ancestral");
    CHECK(bits.at("bits_per_dim").get<double>() ==
          doctest::Approx(bits.at("l_T").get<double>() + bits.at("l_mid").get<double>() +
                          bits.at("l_0").get<double>()));
    CHECK(bits.at("bound_samples") == 40);
    check_mistakes_of_training("ddpm", data / "none",
                               {{"--T 5", "beta leaves (0, 1) at step 2 of 5"},
                                {"--sampler sde", "ancestral, ddim"},
                                {"--prediction score", "noise, x0, v"},
                                {"--data mnist --levels 1,2,2,2", "cannot be halved"},
                                {"--data mnist --levels 1,x", "such as 1,2,2"}});
}

TEST_CASE("sampling options change the samples, or are wrong in one sentence") {
    TempFolder data;
    put_tiny_data(data);
    const std::string plane = data / "plane";
    const std::string images = data / "images";
    const std::string vae = data / "vae";
    REQUIRE(eps_program(tiny_ddpm(data, plane, 20, {"--data", "grid25"})).code == 0);
    REQUIRE(eps_program(tiny_ddpm(data, images, 20, {"--data", "mnist", "--conditional"})).code ==
            0);
    REQUIRE(eps_program(tiny_vae(data, vae, 10)).code == 0);

    const std::string picture = data / "a.png";
    const std::string film = data / "a-film.png";
    const std::string denoising = data / "a-denoising.png";
    const auto drawn = [&](const std::string& options) {
        const Finished finished = eps_program(Words{"sample", images, "--out", picture} +
                                              words("--count 6 --seed 7 " + options));
        REQUIRE_MESSAGE(finished.code == 0, finished.err);
        CHECK(finished.out == picture + "\n" + film + "\n" + denoising + "\n");
        return bytes_of_file(picture) + bytes_of_file(film) + bytes_of_file(denoising);
    };
    const std::string usual = drawn("");
    // the run's own sampler, but one sample at a time
    CHECK(drawn("--sampler ddim --steps 4 --eta 1 --batch 1") == usual);
    CHECK(drawn("--class 3") != usual);
    CHECK(drawn("--guidance 2") != usual);
    CHECK(drawn("--eta 0") != usual);
    CHECK(drawn("--sampler ancestral --variance beta-tilde --steps 0") != usual);

    std::filesystem::remove(picture);
    const std::pair<std::string, Mistake> mistakes[] = {
        {images,
         {"--sampler euler-maruyama", "expected one of: ancestral, ddim, euler, heun, dpm++"}},
        {images, {"--steps 21", "got --steps 21; expected 20 at most"}},
        {images, {"--steps -1", "'steps' is -1"}},
        {images, {"--class 10", "no such class; got --class 10; expected 0 to 9"}},
        {plane, {"--class 1", "trained with --conditional"}},
        {plane, {"--sampelr ddim", "did you mean --sampler?"}},
        {plane, {"--solver heun", "a run of ddpm has no --solver; expected one of: --sampler"}},
        {vae, {"--sampler ddim", "a run of vae has no --sampler; it has no sampling options"}},
    };
    for (const auto& [run, mistake] : mistakes) {
        check_mistake({"sample", run, "--out", picture}, mistake);
        check_mistake({"eval", run}, mistake);
        CHECK_FALSE(std::filesystem::exists(picture));
    }
}

TEST_CASE("flows from train to eval") {
    TempFolder data;
    put_tiny_data(data);
    const std::string energy = data / "energy";
    const std::string plane = data / "plane";
    const std::string images = data / "images";
    const auto train = [&](const std::string& run, const std::string& options, int picture_every) {
        return eps_program(tiny_flow(data, run, 20, words(options), picture_every)).code;
    };
    REQUIRE(train(energy, "--flow planar --target U1 --k 4", 10) == 0);
    REQUIRE(train(plane, "--flow cfm --target moons --width 8", 0) == 0);
    REQUIRE(train(images, "--flow glow --target mnist --k 1 --width 4", 0) == 0);
    for (const char* name : {"samples", "density", "warp", "density-film", "samples-film"})
        CHECK(std::filesystem::exists(energy + "/samples/" + name + ".png"));

    const Json metrics = evaluated(
        energy, "kl kl_se free_energy ln_z ln_z_se ln_z_true ess ess_se log_det_1 log_det_4");
    CHECK_FALSE(metrics.contains("log_det_5"));
    evaluated(plane, "nll nll_se entropy nll_gap nll_gap_se log_det_1 swd_floor");
    evaluated(images, "bits_per_dim bits_per_dim_se bits_per_dim_train nll log_det_2 coverage");

    REQUIRE(eps_program(Words{"sample", plane, "--out", data / "a.png"} +
                        words("--count 5 --solver euler --steps 4"))
                .code == 0);
    CHECK(std::filesystem::exists(data / "a-warp.png"));
    check_mistake({"sample", energy, "--out", data / "b.png"},
                  {"--solver euler", "--solver is for continuous flows"});

    check_mistakes_of_training("flow", data / "none",
                               {{"--k 0", "'k' is 0"},
                                {"--flow sylvester", "planar, radial, nice"},
                                {"--flow cfm --target U1", "an energy has none"},
                                {"--target pinwheel --stl", "needs a density"},
                                {"--flow glow --target mnist --levels 3", "cannot be halved"}});
}

TEST_CASE("a flow that diverges: the layer whose log-determinant is not finite") {
    TempFolder data;
    const Finished diverged = eps_program(tiny_flow(
        data, data / "run", 20, words("--flow realnvp --target moons --lr 1e30 --grad-clip 0")));
    CHECK(diverged.code == 1);
    CHECK_MESSAGE(contains(diverged.err, "the log-determinant of layer "), diverged.err);
    CHECK_MESSAGE(contains(diverged.err, ", affine coupling, is not finite"), diverged.err);
}
