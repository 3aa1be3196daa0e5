#pragma once
// Whether operations are recorded. Thread-local.
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

/// `NoGrad guard;` — nothing is recorded until the end of the scope.
class NoGrad : public GradMode {
public:
    NoGrad() : GradMode(false) {}
};

/// While one lives, every node remembers where it was created, and backward stops at the first NaN
/// or infinity it makes, naming the op that computed the forward value and the source line that
/// called it.
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
