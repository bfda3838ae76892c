"""Decision models (DMN 1.5): elements, requirement graph, hit policies and the evaluation that is the specification."""
