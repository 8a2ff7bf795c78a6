/**
 * Assignment: which arm of which experiment a unit is in. A pure function of the application file's
 * experiments, the unit's id and the request; the same on every server.
 */
@NullMarked
package io.winnow.experiments.assignment;

import org.jspecify.annotations.NullMarked;
