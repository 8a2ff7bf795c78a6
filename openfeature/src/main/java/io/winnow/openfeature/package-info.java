/**
 * An OpenFeature provider over an application file: other services in Java read the arms of
 * experiments without asking the server, and get the same answers.
 */
@NullMarked
package io.winnow.openfeature;

import org.jspecify.annotations.NullMarked;
