"""The actor-critic family: returns, losses and learners that know neither worlds nor humans."""
