package io.winnow.serving;

/**
 * Whether an experiment can be served.
 *
 * @param name in the application file
 * @param served whether its arms are ready; if not, its units get the default and none is counted
 * @param reason why it is not served; empty if it is
 */
public record ExperimentStatus(String name, boolean served, String reason) {}
