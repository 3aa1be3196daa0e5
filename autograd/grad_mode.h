#pragma once
// Whether operations are recorded. The setting is thread-local.
namespace eps {

bool grad_enabled();

/// Sets recording for a scope.
class GradMode {
public:
    explicit GradMode(bool enabled);
    ~GradMode();
    GradMode(const GradMode&) = delete;
    GradMode& operator=(const GradMode&) = delete;

private:
    bool before_;
};

/// `NoGrad guard;`: nothing is recorded until the end of the scope.
class NoGrad : public GradMode {
public:
    NoGrad() : GradMode(false) {}
};

/// While one lives, every node remembers where it was created, and backward throws at the first NaN
/// or infinity in a gradient. The error names the op whose backward computed it and the source line
/// that called the op.
class AnomalyMode {
public:
    AnomalyMode();
    ~AnomalyMode();
    AnomalyMode(const AnomalyMode&) = delete;
    AnomalyMode& operator=(const AnomalyMode&) = delete;
    static bool enabled();

private:
    bool before_;
};

}  // namespace eps
