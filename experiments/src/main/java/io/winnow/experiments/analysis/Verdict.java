package io.winnow.experiments.analysis;

/** What to do with an experiment, and why. */
public sealed interface Verdict {
  /** One sentence, for people. */
  String reason();

  /** A few words, for people. */
  String label();

  /** The name by which programs know it, in snake case. */
  String code();

  /** The arm that it is about, or an empty text. */
  default String arm() {
    return "";
  }

  /** A treatment is better, and no guardrail is broken: give it to everybody. */
  record Ship(String arm, String reason) implements Verdict {
    @Override
    public String label() {
      return "Ship " + arm;
    }

    @Override
    public String code() {
      return "ship";
    }
  }

  /** The experiment is over and no treatment was shown to be better: stay with the control. */
  record Keep(String reason) implements Verdict {
    @Override
    public String label() {
      return "Keep the control";
    }

    @Override
    public String code() {
      return "keep";
    }
  }

  /** It is too early to say. */
  record GoOn(String reason) implements Verdict {
    @Override
    public String label() {
      return "Go on";
    }

    @Override
    public String code() {
      return "go_on";
    }
  }

  /** A treatment does harm: stop it now. */
  record Harmful(String arm, String reason) implements Verdict {
    @Override
    public String label() {
      return "Stop: " + arm + " does harm";
    }

    @Override
    public String code() {
      return "harmful";
    }
  }

  /** The data contradict the design: nothing that is computed from them means anything. */
  record DoNotTrust(String reason) implements Verdict {
    @Override
    public String label() {
      return "Do not trust this experiment";
    }

    @Override
    public String code() {
      return "do_not_trust";
    }
  }
}
